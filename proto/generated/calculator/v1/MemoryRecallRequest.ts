// Original file: proto/calculator.proto


export interface MemoryRecallRequest {
}

export interface MemoryRecallRequest__Output {
}
