// Original file: proto/calculator.proto


export interface MemoryClearRequest {
}

export interface MemoryClearRequest__Output {
}
