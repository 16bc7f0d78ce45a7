"""A calculator that knows nothing of Understudy: another language, no health service, no reflection, no polite exit.

Serves calculator.v1.Calculator/Add without generated code. Arguments: the port, and the name that stands in each answer.
"""

import struct
import sys
from concurrent import futures

import grpc


def operands(message):
    """Decodes calculator.v1.Operands: field 1 and field 2 are doubles; one that is 0 is left out."""
    numbers = {1: 0.0, 2: 0.0}
    for at in range(0, len(message), 9):
        tag, number = struct.unpack_from("<Bd", message, at)
        if tag & 7 != 1:
            raise ValueError(f"tag {tag} is no double")
        numbers[tag >> 3] = number
    return numbers[1], numbers[2]


def answer(value, instance):
    """Encodes calculator.v1.Answer: field 1 a double, field 2 a text of less than 128 bytes."""
    name = instance.encode()
    return struct.pack("<BdBB", 1 << 3 | 1, value, 2 << 3 | 2, len(name)) + name


def main():
    port, instance = sys.argv[1:]
    add = grpc.unary_unary_rpc_method_handler(lambda message, _context: answer(sum(operands(message)), instance))
    # Without this a second server could share the port unnoticed.
    server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("calculator.v1.Calculator", {"Add": add}),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
