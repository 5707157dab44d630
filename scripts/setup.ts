// Installing is all that the bootstrap did before it came here.
