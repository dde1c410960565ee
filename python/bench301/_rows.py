"""Results: lists of dicts that also say what a reader should know."""

from typing import Any, Dict, Iterable, List, Sequence


class Rows(List[Dict[str, Any]]):
    """A list of dicts with the same keys.

    notes are sentences on what is missing or to be distrusted; title says what the rows are.
    """

    def __init__(self, rows: Iterable[Dict[str, Any]] = (), notes: Sequence[str] = (), title: str = "") -> None:
        super().__init__(rows)
        self.notes = list(notes)
        self.title = title

    def column(self, name: str) -> List[Any]:
        """The values of one key, in order. None stands where there is none."""
        return [row[name] for row in self]

    def to_pandas(self) -> Any:
        """The rows as a pandas.DataFrame, with notes and title in its attrs. Needs pandas."""
        import pandas
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
