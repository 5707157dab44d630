#!/bin/sh
# Makes the secrets that the manifests name, with new random values, and keeps those that are there already.
#   sh deploy/kubernetes/secrets.sh            for the overlay redis: a password for the Redis in the cluster
#   sh deploy/kubernetes/secrets.sh REDIS_URL  for the overlay external-redis: redis://, rediss://, redis+sentinel://, redis+cluster://
set -eu
namespace=session-cluster
random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
create() {
  kubectl --namespace "$namespace" get secret "$1" >/dev/null 2>&1 && { echo "secret $1 is there already"; return; }
  name=$1
  shift
  kubectl --namespace "$namespace" create secret generic "$name" "$@"
}

kubectl create namespace "$namespace" --dry-run=client --output yaml | kubectl apply --filename -
create balancer --from-literal=affinity-secret="$(random)" --from-literal=admin-token="$(random)"
password=$(random)
create redis --from-literal=password="$password" --from-literal=url="${1:-redis://:$password@redis:6379}"
