"""What functions of this package raise. No message ever holds a value of a record."""


class BcdaError(Exception):
    """Why something did not end well, in a sentence that says what to do.

    Attributes:
        message: the sentence.
        kind: the class of the error: "usage", "failed", "bad-data", "cancelled", or of a server "network", "refused",
            "server", "job-failed", "job-gone", "bad-file".
        exit_code: the exit code of the command line for it.
        place: for a bad record that ended a run, where it stands and why: a dict with source, line, byte_offset,
            class, fault_byte and path. Otherwise None.
    """

    def __init__(self, message, kind="failed", exit_code=1, place=None):
        super().__init__(message, kind, exit_code, place)
        self.message = message
        self.kind = kind
        self.exit_code = exit_code
        self.place = place

    def __str__(self):
        return self.message


class UsageError(BcdaError):
    """Asked for something that cannot be: no such input, no such column, an output that exists. Exit code 2."""


class BadDataError(BcdaError):
    """The data is not what it should be: too many bad records, FHIR R4, no NDJSON. Exit code 4."""


class ServerError(BcdaError):
    """The server or the way to it failed. Exit code 5."""


class Interrupted(BcdaError):
    """The work was cancelled from within the program. Ctrl-C is KeyboardInterrupt."""
