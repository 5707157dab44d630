export { type ContractRunner, storeContract } from './store/store.contract.ts'
