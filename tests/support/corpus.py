"""Provide articles in many languages, and queries whose matches every implementation must agree on."""

from __future__ import annotations

from hypothesis import strategies as st

from storage.search.matcher import IndexedDocument

ARTICLES = (
    IndexedDocument(
        title="Premier survives vote",
        subtitle="Переговоры о реформах начались в Баку",
        body=(
            "Mr. Marling met the U.S. envoy on Monday. The gas-field\u00a0 at Orrin, he said, will cost 1.5 million."
            "\n\nReforms of the export route come next! “Will they?” asked İlham."
        ),
        sections=("Foreign policy", "politics"),
        source="caliber",
        language="en",
    ),
    IndexedDocument(
        title="Gas corridor reformed",
        body="The corridor carries gas. Sport pays for none of it. O'Neil’s field grew by 15 %.",
        sections=("economics",),
        source="caliber",
        language="en",
    ),
    IndexedDocument(
        title="Газовый коридор: переговоров не будет",
        subtitle="Реформы отложены",
        body="Столовая закрыта, столов нет. Ёлка стоит, елки растут. Газ идёт по коридору; реформа — потом.",
        sections=("политика", "Foreign affairs"),
        source="apa",
        language="ru",
    ),
    IndexedDocument(
        title="Export routes",
        subtitle="The dining of dynamic routers",
        body="Dying, he died. An export; route it! Politics en caliber field gas. Reform reform reform. " * 3,
        sections=("sport", "foreign"),
        source="apa",
        language="en",
    ),
    IndexedDocument(title="Bare title", sections=(), source="apa", language=None),
    IndexedDocument(
        title="Ölkədə İSLAHATLAR və qaz", body="Qazın ixracı 1,5 dəfə artdı.", sections=("Siyasət",), source="caliber"
    ),
    IndexedDocument(
        title="Nothing | to = see_here 'quoted' \"twice\" *", body="AND OR NOT NEAR(gas oil) title:x ^gas +gas"
    ),
    IndexedDocument(
        title="Bakıda parlamentin iclasları keçirilib",
        body="Qazın ixracından gələn gəlirlər artdı. Put qas NATO-nun саммити, İLHAM və reform. Nazirlər gas-field.",
        source="caliber",
        language="az-AZ",
    ),
    IndexedDocument(
        title="Partilerin kararları",
        body="Erdoğan'ın gas route ISPARTA'da; seçimler, seçim.",
        source="apa",
        language="tr",
    ),
    IndexedDocument(title="Die Regierungen der Länder", body="Gas und Reformen. Die Party, Partys.", language="de"),
    IndexedDocument(title="Կառավարության նախագահը", body="Նախագահի խոսքը։ Gas reforms.", language="hy"),
    IndexedDocument(title="رئیس‌جمهوری و کتاب‌ها", body="کتابها الرئيس gas.", language="fa"),
    IndexedDocument(title="الرئيس والحكومة", body="حكومة الرئيس كتابها", language="ar"),
    IndexedDocument(
        title="中文新闻：天然气", body="阿塞拜疆总统说，天然气出口增加了COVID疫情2020年。gas 气", language="zh-Hant"
    ),
    IndexedDocument(title="ガス輸出について", body="アゼルバイジャンの大統領はﾊﾞｽで。天然气", language="ja"),
    IndexedDocument(title="대통령이 말했다", body="가스 수출이 증가했다. 대통령", language="ko"),
    IndexedDocument(title="ประธานาธิบดีกล่าว", body="ก๊าซ gas ธรรมชาติ", language="th"),
    IndexedDocument(title="Из Београда", body="Vlada u Beogradu, gas.", language="sr"),
    IndexedDocument(title="सरकारें और लड़के", body="सरकार दिल दाल", language="hi"),
)

WORDS = (
    *("gas", "Gas", "газ", "газа", "reform", "Reforms", "reformed", "реформ", "переговоры", "export", "route", "field"),
    *("corridor", "коридоре", "столовая", "стол", "столов", "ёлка", "елок", "İLHAM", "islahatlar", "qaz", "15", "1.5"),
    *(
        "sport",
        "politics",
        "en",
        "caliber",
        "dying",
        "die",
        "title",
        "bare",
        "O'Neil",
        "gas-field",
        "U.S.",
        "x",
        "near",
    ),
    *("ref*", "гас*", "reforme*", "route*", "gas-fi*", "export-rou*", "1.5*", "с*", "sect*", "столо*", "o'n*"),
    *(
        "reforms*",
        "reformed*",
        "gas-f*",
        "gas-field*",
        "exports-rou*",
        "export-routes*",
        "столовая*",
        "столовая-закр*",
        "ʼ's",
    ),
    *(
        '"export route"',
        '"gas field"',
        '"reform export"',
        '"столов нет"',
        '"the corridor carries"',
        '"vote переговоры"',
        '"столовая нет"',
        '"reforms route"',
        '"reforms corridor"',
    ),
    *("section:politics", "section:foreign", "section:foreign*", 'section:"foreign policy"', "section:foreign-po*"),
    *("source:apa", "SOURCE:Caliber", "lang:en", "language:RU", "lang:e", "lang:e*", "section:siyasət", "source:a*"),
    *("qazın", "gəlir", "нато", "putin", "parti", "partiler", "kararın", "seçimleri", "Regierung", "party", "Isparta"),
    *("նախագահ", "կառավարություն", "کتاب", "الرئيس", "حكومي", "天然气", "气", "疫情", "疫情2020", "总统*", "covid疫*"),
    *("バス", "ガス", "대통령", "통", "ประธาน", "ก๊าซ", "beograd", "Београд", "सरकार", "लड़का", "दाल", "parl*", "seç*"),
    *(
        '"NATO саммит"',
        '"qazın ixracı"',
        '"iclas keçirilib"',
        "gas-fiel*",
        "gas, corridor",
        "Export route – gas/oil;",
        "vote: столовая, нет",
        "Gas – corridor?",
        "nazir-gas*",
        '"中文 新闻"',
        '"парламент"',
    ),
    *(
        "lang:az",
        "lang:az*",
        "lang:tr",
        "title:partinin",
        "title:天然",
        "body:qaz",
        '"partilerin karar"',
        "partilerin-kar*",
    ),
    *("title:gas", "subtitle:реформы", "body:reform", "title:ref*", 'body:"export route"', "title:(gas OR bare)"),
)


def queries() -> st.SearchStrategy[str]:
    """Generate queries as people type them, nested to some levels."""
    return st.recursive(
        st.sampled_from(WORDS),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from([" ", " AND ", " OR ", " -", " NOT "]), inner).map("".join),
            inner.map(lambda query: f"({query})"),
            inner.map(lambda query: f"gas -({query})"),
            st.tuples(st.sampled_from(["title:", "body:", "subtitle:"]), inner).map(lambda two: f"{two[0]}({two[1]})"),
        ),
        max_leaves=8,
    )
