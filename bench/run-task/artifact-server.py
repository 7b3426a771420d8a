"""Serves the files of a folder as artifacts of any task, on loopback; prints its port. The server must not be what is
measured: the kernel sends the files (Node has no sendfile)."""

import os
import socket
import sys
import threading

folder = sys.argv[1]


def serve(connection):
    with connection, connection.makefile("rb") as requests:
        while line := requests.readline():
            while requests.readline().strip():
                pass
            path = os.path.join(folder, os.path.basename(line.split()[1].decode()))
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                head = f"HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n"
                connection.send(head.encode(), socket.MSG_MORE)
                sent = 0
                while sent < size:
                    sent += os.sendfile(connection.fileno(), file.fileno(), sent, size - sent)


server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=server.accept()[:1], daemon=True).start()
