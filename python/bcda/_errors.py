"""What functions of this package raise and warn of. No message ever holds a value of a record."""


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


class WrongType(UsageError, TypeError):
    """An argument, or what is made of a result, is of another type than it should be."""


class BadDataError(BcdaError):
    """The data is not what it should be: too many bad records, FHIR R4, no NDJSON. Exit code 4."""


class ServerError(BcdaError):
    """The server or the way to it failed. Exit code 5."""


class Interrupted(BcdaError):
    """The work was cancelled from within the program. Ctrl-C is KeyboardInterrupt."""


class BcdaWarning(UserWarning):
    """What the user should know of a run that ended well: no Patient in the input, say, so that there are no MBIs.

    The "warnings" of the run's report are the same sentences. warnings.simplefilter("error", bcda.BcdaWarning) makes
    errors of them; what the run made is there all the same.
    """
