"""Methods of the Bot API for polls: sendPoll with all its refusals, stopPoll."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bot.demo import htmltext, reach, refusals, shapes
from bot.demo.messages import Entity
from bot.demo.methods import Method, draft, formatted, inline_keyboard, post
from bot.demo.parameters import Parameters, as_number
from bot.demo.polls import Option, Poll
from bot.demo.world import BOT_ID, World

MOST_QUESTION = 300
MOST_OPTIONS = 12
MOST_OPTION = 100
MOST_EXPLANATION = 200
MOST_LINE_FEEDS = 2
SHORTEST_OPEN = timedelta(seconds=5)
LONGEST_OPEN = timedelta(seconds=2_628_000)


def send_poll(world: World, parameters: Parameters) -> object:
    poll = _poll(world, parameters)
    message = draft(world, parameters, "can_send_polls")
    poll.id, poll.chat_id = world.polls.take_id(), message.chat_id
    message.poll = world.polls.add(poll)
    return post(world, message)


def _poll(world: World, parameters: Parameters) -> Poll:
    question, question_entities = _question(parameters)
    options = _options(parameters)
    kind = parameters.text("type") or "regular"
    if kind not in ("regular", "quiz"):
        raise refusals.poll_type_unsupported()
    if parameters.flag("members_only") or parameters.items("country_codes"):
        raise refusals.voters_not_restrictable()
    for name in ("media", "explanation_media"):
        if name in parameters:
            world.warn(f"sendPoll: {name} is not shown here")
    is_quiz = kind == "quiz"
    poll = Poll(
        "",
        0,
        question,
        options,
        question_entities,
        is_quiz=is_quiz,
        is_anonymous=parameters.flag("is_anonymous", default=True),
        allows_multiple_answers=parameters.flag("allows_multiple_answers"),
        allows_revoting=parameters.flag("allows_revoting", default=not is_quiz),
        hides_results=parameters.flag("hide_results_until_closes"),
        is_closed=parameters.flag("is_closed"),
    )
    if is_quiz:
        _add_key(parameters, poll)
    poll.description, poll.description_entities = formatted(
        parameters, "description", mode="description_parse_mode", entities="description_entities"
    )
    poll.open_period, poll.closes_at = _closing(world, parameters)
    return poll


def _question(parameters: Parameters) -> tuple[str, tuple[Entity, ...]]:
    question, entities = formatted(parameters, "question", mode="question_parse_mode", entities="question_entities")
    if not question:
        raise refusals.text_empty()
    if htmltext.units(question) > MOST_QUESTION:
        raise refusals.question_too_long()
    return question, entities


def _options(parameters: Parameters) -> tuple[Option, ...]:
    given = parameters.items("options")
    if not given:
        raise refusals.no_options()
    if len(given) > MOST_OPTIONS:
        raise refusals.too_many_options()
    options = []
    for number, shape in enumerate(given):
        fields = Parameters(shape if isinstance(shape, dict) else {"text": shape})
        text, entities = formatted(fields, "text", mode="text_parse_mode", entities="text_entities")
        if not text:
            raise refusals.option_empty()
        if htmltext.units(text) > MOST_OPTION:
            raise refusals.option_too_long()
        options.append(Option(text, str(number), entities))
    return tuple(options)


def _add_key(parameters: Parameters, poll: Poll) -> None:
    """The right answers and the explanation of a quiz."""
    single = parameters.number("correct_option_id")
    given = parameters.items("correct_option_ids") or ([] if single is None else [single])
    ids = [-1 if (number := as_number(one)) is None else number for one in given]
    if not ids:
        raise refusals.correct_ids_empty()
    if any(later <= earlier for earlier, later in pairwise(ids)):
        raise refusals.correct_ids_not_increasing()
    if ids[0] < 0 or ids[-1] >= len(poll.options):
        raise refusals.correct_id_wrong()
    poll.correct_ids = tuple(ids)
    text, entities = formatted(
        parameters, "explanation", mode="explanation_parse_mode", entities="explanation_entities"
    )
    if htmltext.units(text) > MOST_EXPLANATION or text.count("\n") > MOST_LINE_FEEDS:
        raise refusals.message_too_long()
    poll.explanation, poll.explanation_entities = text, entities


def _closing(world: World, parameters: Parameters) -> tuple[int | None, datetime | None]:
    """How long the poll is open and when it closes; the period beats the date."""
    now = world.now()
    if period := parameters.number("open_period"):
        closes_at = now + timedelta(seconds=period)
    elif date := parameters.number("close_date"):
        closes_at = datetime.fromtimestamp(date, UTC)
    else:
        return None, None
    if not SHORTEST_OPEN <= closes_at - now <= LONGEST_OPEN:
        raise refusals.close_date_invalid()
    return period or None, closes_at


def stop_poll(world: World, parameters: Parameters) -> object:
    chat = reach.writable(world, parameters.raw("chat_id"))
    message = world.message(chat.id, parameters.number("message_id") or 0)
    if message is None:
        raise refusals.stop_not_found()
    if message.poll is None:
        raise refusals.not_a_poll()
    if message.sender.user_id != BOT_ID:
        raise refusals.edit_not_possible()
    if message.poll.is_closed:
        raise refusals.poll_closed()
    keyboard = inline_keyboard(parameters, chat)
    world.polls.close(message.poll)
    if keyboard != message.keyboard:
        world.edit(message, message.text, message.entities, keyboard)
    world.poll_changed(message.poll)
    return shapes.poll(message.poll, world.persons)


METHODS: dict[str, Method] = {"sendpoll": send_poll, "stoppoll": stop_poll}
