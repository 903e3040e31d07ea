"""What may go wrong as expected: refusals with a Chinese text for the person who acted."""

from typing import ClassVar


class UserError(Exception):
    """An expected refusal. Subclasses stand where they are raised and give `text`, filled with the values."""

    text: ClassVar[str]
    ends_buttons: ClassVar[bool] = False  # the pressed message is out of date: its keyboard is taken away
    is_done: ClassVar[bool] = False  # what was pressed is done: to who has just done it, tapping twice, no refusal
    opens: str = ""  # a deep link that a refused press leads to, where something can be done about it

    def __init__(self, **values: object) -> None:
        super().__init__()
        self.values = values

    def __str__(self) -> str:
        return self.text.format(**self.values)
