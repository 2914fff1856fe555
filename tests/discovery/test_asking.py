"""One sentence: which boards it is about, and what is said when nothing fits."""

from __future__ import annotations

import pytest

from jiebang.core.boards import Board
from jiebang.discovery.asking import EXAMPLES, understand
from jiebang.discovery.sought import SHORT, sought
from tests.conftest import post
from tests.factories import World

SENTENCES = {
    Board.OUTCOME: (
        "钛合金薄壁件铣削颤振怎么抑制",
        "冷库能耗太高，有没有办法降三成",
        "我们的搪瓷反应釜半年就掉瓷，想找耐腐蚀涂层",
        "污泥干化臭气治理达不到排放标准",
        "伺服压力机噪声超过 85 分贝",
        "铸件表面缺陷检测工艺不稳定，缺少在线办法",
    ),
    Board.NEED: (
        "课题组研制出耐 600 ℃ 的有机硅胶黏剂，找企业中试",
        "手里有三项发明专利想转让给做传感器的企业",
        "我们团队开发了一套焊缝在线检测算法，寻求合作企业",
        "我所攻克了高纯氧化铝的烧结难题，希望成果转化",
    ),
    Board.PRODUCT: (
        "采购 200 台防爆电机，9 月底前到货",
        "找供应商做铝压铸壳体，月需求两万件",
        "求购食品级不锈钢储罐",
        "哪家能做大型铸件的热处理外协",
    ),
    Board.DEMAND: (
        "我们厂专业生产精密齿轮，想给主机厂配套",
        "我司常年生产汽车线束，产能富余，找客户",
        "本厂加工大型法兰，承接加工订单",
    ),
    Board.PROGRAMME: (
        "缺十五个会数控编程的工人",
        "想招三十名护理专业的实习生",
        "要和职校合作培养一批焊工",
        "明年用工缺口四十人，主要是电工",
    ),
    Board.ORDER: (
        "我校机电专业每年有 120 名学生，想找企业合作办班",
        "学院安排学生下半年实习，找对口的制造企业",
    ),
}


def test_the_examples_of_the_start_page_are_understood() -> None:
    for asker, text in EXAMPLES:
        assert understand(text).boards[0] is asker.opposite, text


@pytest.mark.parametrize(
    ("board", "text"), [(board, text) for board, texts in SENTENCES.items() for text in texts]
)
def test_everyday_sentences_reach_the_right_board(board: Board, text: str) -> None:
    reading = understand(text)
    assert reading.boards[0] is board
    assert all(cue in text for cue in reading.cues)
    assert not set(reading.boards) & set(reading.others)
    sides = {each.is_demand_side for each in (*reading.boards, *reading.others)}
    assert len(sides) == 1 or len(reading.boards) == 2
    assert {each.line for each in (*reading.boards, *reading.others)} == {b.line for b in Board}


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("要招10个焊工", "焊工"),
        ("想招三十名护理专业的实习生", "护理专业的实习生"),
        ("缺十五个会数控编程的工人", "数控编程的工人"),
        ("找一家做压铸的厂", "压铸"),
        ("求购食品级不锈钢储罐", "食品级不锈钢储罐"),
        ("采购304不锈钢管", "304不锈钢管"),
        ("会五轴的技工", "五轴的技工"),
        ("要20台ABB机器人", "ABB机器人"),
        ("我们要做一款传感器", "传感器"),
        ("请问焊接变形怎么解决", "焊接变形"),
    ],
)
def test_words_of_asking_are_not_compared(text: str, rest: str) -> None:
    assert sought(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "304不锈钢", "污水处理", "招标代理软件", "会计专业", "能耗太高", "寻北仪",
        "一体化压铸", "三维扫描", "万向节", "公司", "招人", "", "？？",
        "钛合金薄壁件铣削颤振怎么抑制", "要" * SHORT + "焊工",
    ],
)  # fmt: skip
def test_words_of_names_are_kept(text: str) -> None:
    assert sought(text) == text


def test_a_short_sentence_finds_what_it_names(world: World) -> None:
    world.published(
        world.owner(),
        Board.PROGRAMME,
        title="智能焊接技术",
        summary="每年培养四十名焊工，持证上岗。",
    )
    browser = world.browser(None)
    page = post(browser, "/ask", {"text": "要招10个焊工"}).text
    assert "“<strong>焊工</strong>”" in page and "智能焊接技术" in page
    assert "暂时没有能对上的" not in page
    assert "存为订单班需求草稿" in page and "要招10个焊工" in page, "the draft keeps the sentence"


def test_the_page_says_how_a_sentence_was_read(world: World) -> None:
    world.published(
        world.owner(), Board.PRODUCT, title="谐波减速机", summary="机器人关节用谐波减速机，现货。"
    )
    page = post(world.browser(None), "/ask", {"text": "采购一批机器人关节用的谐波减速机"}).text
    assert "您写到“采购”" in page and "谐波减速机" in page
    assert page.index("<strong>产品供给、科技成果</strong>") < page.index("results-product")


def test_an_empty_answer_says_why(world: World) -> None:
    """Words nobody has, words some have in another sense, the nearest; never a weak match."""
    summary = "用气调包装延长果蔬的货架期。"
    world.published(world.owner(), Board.OUTCOME, title="果蔬保鲜气调包装", summary=summary)
    browser = world.browser(None)
    page = post(browser, "/ask", {"text": "深海钻探船的声呐浮标回收装置", "board": "outcome"}).text
    assert "1 条公开榜单里都没有提到" in page and "声呐" in page
    assert "最接近的是" not in page, "a listing without any of the words helps nobody"
    page = post(
        browser, "/ask", {"text": "气调库钢结构防火涂料脱落怎么处理", "board": "outcome"}
    ).text
    if "条相关" not in page:
        assert "暂时没有能对上的" in page and "防火" in page
    page = post(browser, "/ask", {"text": "怎么办", "board": "outcome"}).text
    assert "可以比对的词太少" in page
    page = post(browser, "/ask", {"text": "招技工", "board": "programme"}).text
    assert "这个榜现在还是空的" in page


def test_what_one_may_not_see_is_not_counted(world: World) -> None:
    """The advice is no way round disclosure: neither counted nor named."""
    owner = world.owner()
    text = {"title": "声呐浮标", "summary": "回收海上的声呐浮标，可反复使用。"}
    world.published(owner, Board.OUTCOME, **text, disclosure="invited")
    sentence = {"text": "声呐浮标防腐涂层", "board": "outcome"}
    for who in (None, world.owner()):
        page = post(world.browser(who), "/ask", sentence).text
        assert "”有" not in page and "最接近的是" not in page
