"""All tables of the house, registered by importing every feature's models."""

from bot import inbox, outbox, undo
from bot.attendance import models as attendance
from bot.banks import models as banks
from bot.db import Base
from bot.meetings import models as meetings
from bot.members import models as members
from bot.practice import models as practice
from bot.quiz import models as quiz

METADATA = Base.metadata

__all__ = ["METADATA", "attendance", "banks", "inbox", "meetings", "members", "outbox", "practice", "quiz", "undo"]
