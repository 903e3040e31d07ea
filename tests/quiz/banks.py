"""Questions for rounds: those of the specification, and a bank of as many as a test needs."""

from bot.banks.rules import RIGHT, WRONG, Bank, Citation, Defaults, Question, QuestionType, Source

ZB = Source("zb", "中国共产党支部工作条例（试行）", "2018年10月")
DZ = Source("dz", "中国共产党章程", "二十大修改", is_verified=False)
SINGLE = Question(
    "zb-001",
    QuestionType.SINGLE,
    "支部党员大会一般多久召开一次？",
    ("每月", "每季度", "每半年", "每年"),
    "B",
    score_centi=200,
    explain="一般每季度召开一次。",
    citation=Citation(ZB, "第十一条"),
    topics=("三会一课",),
    is_shuffled=False,
)
MULTIPLE = Question(
    "zb-002",
    QuestionType.MULTIPLE,
    "“三会一课”中的“三会”包括（　）。",
    ("支部党员大会", "支部委员会会议", "党小组会", "民主生活会"),
    "ABC",
    score_centi=400,
    explain="“一课”指党课。",
    citation=Citation(ZB),
    topics=("三会一课",),
    time_s=45,
    is_shuffled=False,
)
JUDGED = Question(
    "zb-003",
    QuestionType.TRUE_FALSE,
    "预备党员有表决权。",
    answer=WRONG,
    score_centi=200,
    explain="预备党员没有表决权、选举权和被选举权。",
    citation=Citation(DZ, "第七条"),
)
BASICS = Bank("zhibu-basics", "支部工作应知应会", (SINGLE, MULTIPLE, JUDGED), sources=(ZB, DZ), topics=("三会一课",))


def many(count: int, slug: str = "many", title: str = "党章知识") -> Bank:
    """A bank of simple judgements."""
    questions = tuple(
        Question(f"q-{n:03}", QuestionType.TRUE_FALSE, f"第{n}条说法正确。", answer=RIGHT) for n in range(1, count + 1)
    )
    return Bank(slug, title, questions, defaults=Defaults())
