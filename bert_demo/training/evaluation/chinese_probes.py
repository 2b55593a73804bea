"""The same for the models that read Chinese: negation, sarcasm and irony, names."""

from __future__ import annotations

from collections.abc import Mapping

from bert_demo.training.evaluation.probe import Probe, each_of

CHINESE: Mapping[str, Mapping[str, tuple[Probe, ...]]] = {
    "sentiment-zh": {
        "negation": (
            *each_of(
                "positive",
                "没有什么可挑剔的。",
                "味道一点也不差。",
                "住了三天,没有一点不满意的地方。",
                "不得不说,真的很好用。",
                "从来没有让我失望过。",
            ),
            *each_of(
                "negative",
                "说好的热水,一次也没有。",
                "并不像别人说的那么好。",
                "不会再来第二次了。",
                "我不觉得它值这个价钱。",
                "本来很期待,可惜不怎么样。",
            ),
        ),
        "sarcasm": each_of(
            "negative",
            "太好了,等了两个小时,饭都凉透了。",
            "真是物美价廉,用了一天就坏了。",
            "服务员的白眼翻得真漂亮。",
            "隔音好极了,隔壁说什么我都听得一清二楚。",
            "恭喜店家,成功地让我再也不想点外卖了。",
            "这书催眠效果一流。",
        ),
        "names": (
            *each_of("negative", "美好酒店的房间又脏又吵。", "好利来的蛋糕这次馊了。", "幸福牌热水器漏水。"),
            *each_of(
                "positive", "臭豆腐很正宗,还会再点。", "狗不理的包子,全家都爱吃。", "《悲惨世界》印刷精美,值得收藏。"
            ),
        ),
    },
    "topics-zh": {
        "negation": (
            *each_of("sports", "他没有上场,球队还是赢了", "不是点球,裁判改判"),
            *each_of("education", "今年不考英语听力", "没有录取通知书也能报到"),
            *each_of("realty", "不买房的年轻人", "开发商不再降价"),
        ),
        "sarcasm": (
            *each_of("stocks", "股民笑称:又是一片绿油油", "恭喜各位,再次站上山顶"),
            *each_of("sports", "国足又一次成功避开世界杯", "这脚射门,飞机都得绕着走"),
            *each_of("entertainment", "演技感人,观众哭着要退票"),
        ),
        "names": (
            *each_of("science", "苹果发布新款手机", "小米新品今日开卖"),
            *each_of("sports", "火箭客场不敌太阳", "热火加时击败公牛"),
            *each_of("entertainment", "王菲演唱会门票售罄", "周杰伦新歌今晚首播"),
        ),
    },
    "bilingual": {
        "negation": (
            Probe("知更鸟不是<mask>。", (), ("鸟",)),
            Probe("火不是<mask>的。", (), ("热", "火")),
            Probe("A robin is not a <mask>.", (), ("bird", "robin")),
            Probe("Fire is not <mask>.", (), ("hot", "fire")),
            Probe("鱼不能没有<mask>。", ("水",)),
        ),
        "sarcasm": (
            Probe("手机用了一天就坏了,质量真<mask>。", (), ("好", "不错", "棒")),
            Probe("等了三个小时,服务真<mask>。", (), ("好", "不错", "周到", "热情")),
            Probe(
                "My train is late again. What a <mask> start.", (), ("great", "good", "nice", "wonderful", "perfect")
            ),
        ),
        "names": (
            Probe("《红楼梦》的作者是曹<mask>芹。", ("雪",)),
            Probe("法国的首都是<mask>。", ("巴黎",)),
            Probe("东京是<mask>的首都。", ("日本",)),
            Probe("The capital of Italy is <mask>.", ("Rome",)),
            Probe("Berlin is the capital of <mask>.", ("Germany",)),
        ),
    },
}
