"""Results: lists of dicts that also say what a reader should know."""

from typing import Any, Dict, Iterable, List, Sequence, SupportsIndex, Union, overload

from ._errors import InvalidInput


class Rows(List[Dict[str, Any]]):
    """A list of dicts with the same keys.

    notes are sentences on what is missing or to be distrusted; title says what the rows are.
    """

    def __init__(self, rows: Iterable[Dict[str, Any]] = (), notes: Sequence[str] = (), title: str = "") -> None:
        super().__init__(rows)
        self.notes = list(notes)
        self.title = title

    def column(self, name: str) -> List[Any]:
        """The values of one key, in order, None where a row lacks it. Raises InvalidInput where all do."""
        if self and not any(name in row for row in self):
            raise InvalidInput("%s: no such column: there are %s" % (name, ", ".join(self[0])))
        return [row.get(name) for row in self]

    @overload
    def __getitem__(self, place: SupportsIndex) -> Dict[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> "Rows": ...

    def __getitem__(self, place: Union[SupportsIndex, slice]) -> Union[Dict[str, Any], "Rows"]:
        """A row, or Rows with the same notes and title."""
        found = super().__getitem__(place)
        return Rows(found, self.notes, self.title) if isinstance(found, list) else found

    def __add__(self, other: Any) -> Any:
        """Rows of both, with the notes of both."""
        more = [note for note in getattr(other, "notes", ()) if note not in self.notes]
        return Rows(super().__add__(other), self.notes + more, self.title)

    def to_pandas(self) -> Any:
        """The rows as a pandas.DataFrame, with notes and title in its attrs. Needs pandas."""
        import pandas  # type: ignore[import]
        frame = pandas.DataFrame(list(self))
        frame.attrs.update(notes=self.notes, title=self.title)
        return frame


def from_columns(answer: Dict[str, Any], names: Sequence[str], **constant: Any) -> Rows:
    """Rows of columns of an answer; what is constant stands in every row."""
    columns = [answer[name] for name in names]
    keys = list(names)
    if not constant:
        return Rows(dict(zip(keys, values)) for values in zip(*columns))
    return Rows(dict(zip(keys, values), **constant) for values in zip(*columns))
