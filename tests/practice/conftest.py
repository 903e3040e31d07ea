from tests.quiz.conftest import add_bank, cast, make, play

__all__ = ["add_bank", "cast", "make", "play"]
