"""Made-up texts for the tests."""

from __future__ import annotations

import random

from matching.lexicon import read_terms

NEED = (
    "高强度螺栓热处理后延迟断裂问题",
    "我公司生产风电用 42CrMo 高强度螺栓，调质热处理后硬度波动大，部分批次在装配 48 小时后"
    "出现延迟断裂。希望改进淬火与回火工艺，使疲劳寿命提高 30%，氢含量低于 2ppm。",
)
GOOD = (
    "风电螺栓用钢的抗氢脆热处理工艺",
    "通过优化淬火冷却速度和回火温度控制碳化物析出，降低高强度螺栓的氢致延迟断裂敏感性，"
    "疲劳寿命提高四成，已在两家紧固件企业试用。",
)
FAR = (
    "草莓采后保鲜包装",
    "采用可降解薄膜与气调包装，草莓在冷链运输中的货架期由五天延长到九天，减少腐烂和失重。",
)


def random_texts(count: int, seed: int) -> list[str]:
    """`count` texts of dictionary terms, designations and punctuation; some are empty."""
    rng = random.Random(seed)
    words = [word for word, _ in read_terms()]
    extra = [
        "Q345B",
        "120℃",
        "的",
        "和",
        "，",
        "。",
        "GB/T 1591",
        "😀",
        "ＡＢＣ",
        "研究",
        "焊接",
        " ",
    ]
    return [
        "".join(
            rng.choice(words) if rng.random() < 0.6 else rng.choice(extra)
            for _ in range(rng.randrange(0, 60))
        )
        for _ in range(count)
    ]
