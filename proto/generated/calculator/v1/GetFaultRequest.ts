// Original file: proto/calculator.proto


export interface GetFaultRequest {
}

export interface GetFaultRequest__Output {
}
