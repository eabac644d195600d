"""Which of its alternative names a client is called by, in place of the subject of its certificate."""

import re

from attrs import frozen

from pyzoo.certificates.certificate import alternative_names
from pyzoo.errors import MalformedRecord


@frozen
class AlternativeNameRule:
    """Of the names of one kind (GeneralName's numbers, 0 to 8) the one in which `match` finds something.

    The id is the group `group` of what `extract` finds in that name; 0 is all of it.
    """

    kind: int
    match: re.Pattern[str]
    extract: re.Pattern[str]
    group: int = 0

    def client_id(self, certificate: bytes) -> str:
        """The id that a certificate in DER gives; raises MalformedRecord where it gives none, or more than one."""
        names = [name.text for name in alternative_names(certificate) if name.kind == self.kind]
        matching = [text for text in names if text is not None and self.match.search(text)]
        if len(matching) != 1:
            raise MalformedRecord(
                f"{len(matching)} alternative names of the kind {self.kind} match "
                f"{self.match.pattern}, of {len(names)}; it has to be one"
            )
        found = self.extract.search(matching[0])
        id = None if found is None else found[self.group]
        if not id:
            raise MalformedRecord(f"{self.extract.pattern} finds nothing in the alternative name {matching[0]!r}")
        return id
