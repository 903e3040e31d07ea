"""A bank file of schema 1 turned into questions. What concerns several questions is judged in `lint`."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from bot import yamlfile
from bot.banks import phrases
from bot.banks.rules import (
    CHOICES,
    LETTERS,
    MAX_ANSWERS,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_EXPLAIN,
    MAX_HINT,
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_QUESTIONS,
    MAX_STEM,
    MAX_TITLE,
    MAX_TOPICS,
    MIN_OPTIONS,
    Bank,
    Blank,
    BlankKind,
    Citation,
    Defaults,
    Match,
    Place,
    Question,
    QuestionType,
    Rule,
    Source,
    Status,
)
from bot.banks.yamlfile import ALL_LETTERS, Draft, Reading, Values, is_empty
from bot.message import units
from bot.yamlfile import Node, Scalar, Sequence

CODE = re.compile(r"[a-z0-9_-]{1,40}")
SLUG = re.compile(r"[a-z0-9-]{2,40}")
WORDS = yamlfile.Words(phrases.KNOWN_KEYS, phrases.TEXT_KEYS, repeatable=frozenset({"options"}))
LIMITS = yamlfile.Limits(size=MAX_BYTES, depth=MAX_DEPTH, nodes=100 * MAX_QUESTIONS)


def read(data: bytes, file: str) -> Reading:
    """Read a whole bank file; nothing is raised, everything wrong is in `issues`."""
    document = yamlfile.read(data, WORDS, LIMITS)
    reading = Reading(file, comments=document.comments)
    for fault in document.faults:
        reading.add(fault.code, Place(fault.line, fault.column), **fault.params)
    if reading.issues:
        return reading
    root = document.root or yamlfile.Mapping(1, 1)
    if not isinstance(root, yamlfile.Mapping):
        reading.add("E129", root)
        return reading
    reading.root = root
    if _is_schema_known(root, reading):
        _Banks(reading).read(root)
    return reading


def _is_schema_known(root: yamlfile.Mapping, reading: Reading) -> bool:
    node = root.get("schema")
    if not isinstance(node, Scalar) or not node.text:
        reading.add("E012", node or root, key="schema")
        return True
    if node.text != "1":
        reading.add("E014", node, v=node.text)
    return node.text == "1"


class _Banks(Values):
    """A bank's own values; its questions are read by `_Questions` with its sources, topics and defaults in hand."""

    def read(self, root: yamlfile.Mapping) -> None:
        self.check_keys(root, phrases.TOP_KEYS)
        slug, title = self.required(root, "bank"), self.required(root, "title")
        if slug is not None and SLUG.fullmatch(slug.text) is None:
            self.add("E015", slug, key="bank", kind="slug")
        bank = Bank(
            slug=slug.text if slug else "",
            title=self.bounded(title, "title", MAX_TITLE) if title else "",
            questions=(),
            owner=self.text(root, "owner", MAX_EXPLAIN),
            note=self.text(root, "note", MAX_EXPLAIN),
            sources=tuple(self._sources(root)),
            topics=tuple(dict.fromkeys(item.text for item in self.texts(root, "topics"))),
            defaults=self._defaults(root),
        )
        self.reading.bank = bank
        questions = _Questions(self.reading, bank)
        self.reading.drafts.extend(questions.read(item) for item in self._items(root))

    def _items(self, root: yamlfile.Mapping) -> Iterator[yamlfile.Mapping]:
        node = root.nodes.get("questions")
        if node is None or is_empty(node):
            self.add("E012", node or root, key="questions")
        elif not isinstance(node, Sequence):
            self.add("E015", node, key="questions", kind="questions")
        elif not node.items:
            self.add("E118", node, key="questions", lo="1", hi=str(MAX_QUESTIONS), v="0")
        elif len(node.items) > MAX_QUESTIONS:
            self.add("E011", node.items[MAX_QUESTIONS])
        else:
            yield from self._mappings(node)

    def _mappings(self, node: Sequence) -> Iterator[yamlfile.Mapping]:
        for item in node.items:
            if isinstance(item, yamlfile.Mapping):
                yield item
            else:
                self.add("E015", item, key="questions", kind="questions")

    def _sources(self, root: yamlfile.Mapping) -> Iterator[Source]:
        table = self.mapping(root, "sources", ())
        for key in table.nodes if table else ():
            node = self.mapping(table, key, phrases.SOURCE_KEYS) if table else None
            if node is None:
                self.add("E012", table.keys[key] if table else root, key="title")
                continue
            title = self.required(node, "title")
            is_verified = self.boolean(node, "verified")
            yield Source(
                key,
                self.bounded(title, "title", MAX_HINT) if title else "",
                self.text(node, "edition", MAX_HINT),
                self.day(node, "effective"),
                self.day(node, "expires"),
                True if is_verified is None else is_verified,
            )

    def _defaults(self, root: yamlfile.Mapping) -> Defaults:
        node = self.mapping(root, "defaults", phrases.DEFAULT_KEYS)
        if node is None:
            return Defaults()
        is_shuffled = self.boolean(node, "shuffle")
        return Defaults(
            score_centi=self.centi(node, "score") or 100,
            rule=self.word(node, "rule", Rule) or Rule.HALF,
            blank_rule=self.blank_rule(node, "blank_rule") or Rule.PROP,
            each_centi=self.centi(node, "each_score"),
            time_s=self.whole(node, "time", 10, 600),
            is_shuffled=True if is_shuffled is None else is_shuffled,
        )


class _Questions(Values):
    def __init__(self, reading: Reading, bank: Bank) -> None:
        super().__init__(reading)
        self._sources = {source.key: source for source in bank.sources}
        self._topics = frozenset(bank.topics)
        self._defaults = bank.defaults

    def read(self, node: yamlfile.Mapping) -> Draft:
        before = len(self.reading.issues)
        self.check_keys(node, phrases.QUESTION_KEYS)
        kind, is_indefinite = self._type(node)
        question = self._plain_part(node, kind or QuestionType.SINGLE)
        options: tuple[Scalar, ...] = ()
        if kind is not None:
            self._check_foreign_keys(node, kind)
        if kind in CHOICES:
            options = tuple(self._options(node))
            question = replace(
                question,
                is_indefinite=is_indefinite,
                options=tuple(option.text.strip() for option in options),
                lock=self._lock(node, len(options)),
            )
            question = replace(question, answer=self._choice(node, question))
        elif kind is QuestionType.TRUE_FALSE:
            question = replace(question, answer=self._judgement(node))
        elif kind is QuestionType.BLANK:
            question = replace(question, blanks=tuple(self._blanks(node)))
        return Draft(question, node, options, len(self.reading.issues) == before)

    def _plain_part(self, node: yamlfile.Mapping, kind: QuestionType) -> Question:
        """Everything that all types have."""
        defaults = self._defaults
        is_any_order, is_shuffled = self.boolean(node, "any_order"), self.boolean(node, "shuffle")
        rule, each_centi = self._rule(node, kind)
        return Question(
            code=self._code(node),
            type=kind,
            stem=self._stem(node),
            is_any_order=bool(is_any_order),
            score_centi=self.centi(node, "score") or defaults.score_centi,
            rule=rule,
            each_centi=each_centi,
            explain=self.text(node, "explain", MAX_EXPLAIN),
            hint=self.text(node, "hint", MAX_HINT),
            citation=self._citation(node),
            topics=tuple(self._read_topics(node)),
            difficulty=self.whole(node, "difficulty", 1, 5) or 3,
            time_s=self.whole(node, "time", 10, 600) or defaults.time_for(kind),
            is_shuffled=defaults.is_shuffled if is_shuffled is None else is_shuffled,
            valid_until=self.day(node, "valid_until"),
            status=self.word(node, "status", Status) or Status.ACTIVE,
        )

    def _code(self, node: yamlfile.Mapping) -> str:
        value = self.required(node, "id")
        if value is None:
            return ""
        if CODE.fullmatch(value.text) is None:
            self.add("E102", value, id=value.text)
        return value.text

    def _stem(self, node: yamlfile.Mapping) -> str:
        value = node.nodes.get("stem")
        if value is not None and is_empty(value):
            self.add("E105", value)
            return ""
        stem = self.required(node, "stem")
        return self.bounded(stem, "stem", MAX_STEM) if stem else ""

    def _type(self, node: yamlfile.Mapping) -> tuple[QuestionType | None, bool]:
        value = self.required(node, "type")
        if value is None:
            return None, False
        kind = phrases.TYPE_WORDS.get(value.text)
        if kind is None:
            near = phrases.nearest_type(value.text)
            self.add("E104", value, v=value.text, **({"near": near} if near else {}))
        return kind, value.text == phrases.INDEFINITE

    def _check_foreign_keys(self, node: yamlfile.Mapping, kind: QuestionType) -> None:
        for name in phrases.FOREIGN_KEYS[kind]:
            if name in node.keys:
                self.add("E125", node.keys[name], type=kind.value, key=name)

    def _rule(self, node: yamlfile.Mapping, kind: QuestionType) -> tuple[Rule, int | None]:
        if kind is QuestionType.BLANK:
            return self.blank_rule(node, "rule") or self._defaults.blank_rule, None
        rule = self.word(node, "rule", Rule) or self._defaults.rule
        each_centi = self.centi(node, "each_score") or self._defaults.each_centi
        if rule is Rule.EACH and each_centi is None and kind is QuestionType.MULTIPLE:
            self.add("E120", node.nodes.get("rule") or node)
        return rule, each_centi

    def _citation(self, node: yamlfile.Mapping) -> Citation | None:
        value = self.mapping(node, "source", phrases.CITATION_KEYS)
        if value is None:
            return None
        ref, article = self.required(value, "ref"), self.text(value, "article", MAX_HINT)
        is_verified = self.boolean(value, "verified")
        if ref is None:
            return None
        if ref.text not in self._sources:
            self.add("E121", ref, ref=ref.text)
            return None
        source = self._sources[ref.text]
        return Citation(source, article, source.is_verified if is_verified is None else is_verified)

    def _read_topics(self, node: yamlfile.Mapping) -> Iterator[str]:
        topics = self.texts(node, "topics")
        if len(topics) > MAX_TOPICS:
            self.add("E118", topics[MAX_TOPICS], key="topics", lo="0", hi=str(MAX_TOPICS), v=str(len(topics)))
        for topic in topics:
            if topic.text not in self._topics:
                self.add("E122", topic, t=topic.text)
            yield topic.text

    def _options(self, node: yamlfile.Mapping) -> list[Scalar]:
        value = node.nodes.get("options")
        if value is None or is_empty(value):
            self.add("E012", value or node, key="options")
            return []
        if isinstance(value, Scalar):
            self.add("E015", value, key="options", kind="options")
            return []
        before = len(self.reading.issues)
        named = self._lettered(value) if isinstance(value, yamlfile.Mapping) else self._listed(value)
        options = [self._option(option, letter) for letter, option in named]
        count = len(value.items) if isinstance(value, Sequence) else len(options)
        if len(self.reading.issues) == before and not MIN_OPTIONS <= count <= MAX_OPTIONS:
            self.add("E107", value, n=count)
        return options

    def _listed(self, node: Sequence) -> list[tuple[str, Node]]:
        return list(zip(ALL_LETTERS, node.items, strict=False))

    def _lettered(self, node: yamlfile.Mapping) -> Iterator[tuple[str, Node]]:
        """Options by letter, as long as the letters follow each other; only the first gap is told."""
        seen: dict[str, Scalar] = {}
        is_told = False
        for key, value in node.pairs:
            letter = unicodedata.normalize("NFKC", key.text).upper()
            if letter in seen:
                first = seen[letter]
                self.add("E110", key, L=letter, n=first.line, c=first.column)
            elif letter != ALL_LETTERS[len(seen) : len(seen) + 1]:
                if not is_told:
                    self.add("E108", key, k=key.text)
                is_told = True
            else:
                seen[letter] = key
                yield letter, value

    def _option(self, option: Node, letter: str) -> Scalar:
        """The text of an option; one that is no text keeps its place, so that the letters behind it stay right."""
        if not self.is_text(option, letter):
            return Scalar("", option.line, option.column)
        if not option.text.strip():
            self.add("E106", option, L=letter)
        elif units(option.text) > MAX_OPTION:
            self.add("E118", option, key=letter, lo="1", hi=str(MAX_OPTION), chars=units(option.text))
        return option

    def _lock(self, node: yamlfile.Mapping, options: int) -> str:
        value = node.nodes.get("lock")
        letters = None if value is None else self.letters(value, "lock")
        for letter in letters or "":
            if letter not in LETTERS[:options]:
                self.add("E123", value or node, L=letter)
        return "".join(letter for letter in LETTERS[:options] if letter in (letters or ""))

    def _choice(self, node: yamlfile.Mapping, question: Question) -> str:
        value = node.nodes.get("answer")
        if value is None or is_empty(value):
            self.add("E012", value or node, key="answer")
            return ""
        given = self.letters(value, "answer")
        if given is None or not question.options:
            return ""
        unknown = [letter for letter in dict.fromkeys(given) if letter not in question.letters]
        if any(letter not in ALL_LETTERS for letter in unknown):
            unknown = [value.text.strip() if isinstance(value, Scalar) else given]
        for x in unknown:
            self.add("E112", value, x=x, letters="、".join(question.letters))
        if not unknown:
            self._check_count(value, question, len(set(given)))
        return "".join(letter for letter in question.letters if letter in given)

    def _check_count(self, value: Node, question: Question, count: int) -> None:
        if question.type is QuestionType.SINGLE and count != 1:
            self.add("E114", value, n=count)
        if question.type is QuestionType.MULTIPLE and count < 2 and not question.is_indefinite:
            self.add("E113", value)

    def _judgement(self, node: yamlfile.Mapping) -> str:
        value = self.required(node, "answer")
        if value is None:
            return ""
        word = unicodedata.normalize("NFKC", value.text).strip().casefold()
        if word not in phrases.JUDGEMENTS:
            self.add("E115", value, v=value.text)
        return phrases.JUDGEMENTS.get(word, "")

    def _blanks(self, node: yamlfile.Mapping) -> Iterator[Blank]:
        value = node.nodes.get("blanks")
        if value is None or is_empty(value):
            self.add("E012", value or node, key="blanks")
            return
        if not isinstance(value, Sequence):
            self.add("E015", value, key="blanks", kind="list")
            return
        for item in value.items:
            if isinstance(item, yamlfile.Mapping):
                yield self._blank(item)
            else:
                self.add("E015", item, key="blanks", kind="blanks")
                yield Blank(())

    def _blank(self, node: yamlfile.Mapping) -> Blank:
        self.check_keys(node, phrases.BLANK_KEYS)
        if is_empty(node.nodes.get("answers")):
            self.add("E012", node, key="answers")
        answers = self.texts(node, "answers")
        if len(answers) > MAX_ANSWERS:
            self.add("E118", answers[MAX_ANSWERS], key="answers", lo="1", hi=str(MAX_ANSWERS), v=str(len(answers)))
        return Blank(
            tuple(self.bounded(answer, "answers", MAX_OPTION) for answer in answers),
            self.word(node, "kind", BlankKind) or BlankKind.TEXT,
            self.word(node, "match", Match) or Match.EXACT,
        )
