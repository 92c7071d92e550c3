"""Receive mail on a real SMTP server that refuses some recipients."""

from __future__ import annotations

import socketserver


class SmtpServer(socketserver.ThreadingTCPServer):
    """A mail server that refuses every recipient whose address has `dead` in it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SmtpSession)
        self.received: list[str] = []
        self.refused: list[str] = []


class SmtpSession(socketserver.StreamRequestHandler):
    """One connection; the answers are those that smtplib needs."""

    server: SmtpServer

    def handle(self) -> None:
        self.wfile.write(b"220 mail.invalid\r\n")
        recipients: list[str] = []
        while line := self.rfile.readline().decode().strip():
            answer = "250 ok"
            if line.startswith("rcpt"):
                refused = "dead" in line
                (self.server.refused if refused else recipients).append(line.partition("<")[2].rstrip(">"))
                answer = "550 5.1.1 no such user" if refused else answer
            elif line == "data":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
                self.server.received += recipients
                recipients.clear()
            elif line == "quit":
                answer = "221 bye"
            self.wfile.write(f"{answer}\r\n".encode())
