#!/usr/bin/env python3
"""charset_pages.py DIR: writes a page in each encoding of the web into DIR, by
Python's codecs, and prints "FILE<TAB>TEXT", what stands between <p> and </p>.

The texts keep to characters for which those codecs and the Encoding Standard
agree. UTF-16 pages have a byte order mark, for <meta> cannot announce them.
"""

import pathlib
import sys

LATIN = "Où? À côté: l'été, le garçon naïf, 'Straße', señor, smørrebrød"
CENTRAL = "Příliš žluťoučký kůň; zażółć gęślą jaźń; árvíztűrő tükörfúrógép"
CYRILLIC = "Съешь ещё этих мягких французских булок"
GREEK = "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία"
HEBREW = "דג סקרן שט בים מאוכזב"
ARABIC = "نص حكيم له سر قاطع"
TURKISH = "Pijamalı hasta yağız şoföre çabucak güvendi"
BALTIC = "Įlinkdama fechtuotojo špaga; sarkanā vilciena žurnāls"
THAI = "เป็นมนุษย์สุดประเสริฐ"
VIETNAMESE = "Đây là tiếng Việt không dấu: à ê ơ ư đ"
CHINESE = "我能吞下玻璃而不伤身体"
TRADITIONAL = "我能吞下玻璃而不傷身體"
JAPANESE = "私はガラスを食べられます。それは私を傷つけません"
KOREAN = "나는 유리를 먹을 수 있어요. 그래도 아프지 않아요"

# The label in the page, Python's codec, the text.
PAGES = [
    ("utf-8", "utf-8", JAPANESE + ARABIC + "😀"),
    ("ibm866", "cp866", CYRILLIC),
    ("iso-8859-2", "iso8859-2", CENTRAL),
    ("iso-8859-3", "iso8859-3", "Ĉu vi ŝatas ĵurnalojn? Ħġ"),
    ("iso-8859-4", "iso8859-4", "Šis tas žurnāls; ĸ ŧ đ"),
    ("iso-8859-5", "iso8859-5", CYRILLIC),
    ("iso-8859-6", "iso8859-6", ARABIC),
    ("iso-8859-7", "iso8859-7", GREEK),
    ("iso-8859-8", "iso8859-8", HEBREW),
    ("iso-8859-8-i", "iso8859-8", HEBREW),
    ("iso-8859-10", "iso8859-10", "Þórður á ŋ ŧ ĸ"),
    ("iso-8859-13", "iso8859-13", BALTIC),
    ("iso-8859-14", "iso8859-14", "Ŵyth ŷd; ḃ ċ ḋ ḟ"),
    ("iso-8859-15", "iso8859-15", "œuvre à 5 €, Žena"),
    ("iso-8859-16", "iso8859-16", "Țară și științe, „€”"),
    ("koi8-r", "koi8-r", CYRILLIC),
    ("koi8-u", "koi8-u", "Їжак єсть ґрунт"),
    ("macintosh", "mac-roman", LATIN),
    ("windows-874", "cp874", THAI),
    ("windows-1250", "cp1250", CENTRAL),
    ("windows-1251", "cp1251", CYRILLIC),
    ("latin1", "cp1252", LATIN + " “€”"),
    ("windows-1253", "cp1253", GREEK),
    ("iso-8859-9", "cp1254", TURKISH),
    ("windows-1255", "cp1255", HEBREW),
    ("windows-1256", "cp1256", ARABIC),
    ("windows-1257", "cp1257", BALTIC),
    ("windows-1258", "cp1258", VIETNAMESE),
    ("x-mac-cyrillic", "mac-cyrillic", CYRILLIC),
    ("gb2312", "gbk", CHINESE + TRADITIONAL),
    ("gb18030", "gb18030", CHINESE + "㐀😀"),
    ("big5", "big5hkscs", TRADITIONAL + "㗎"),
    ("euc-jp", "euc_jp", JAPANESE + "丂ｶﾞ"),
    ("iso-2022-jp", "iso2022_jp", JAPANESE),
    ("shift_jis", "cp932", JAPANESE + "①㈱ｶﾞ"),
    ("euc-kr", "cp949", KOREAN + " 똠방각하"),
    ("utf-16le", "utf-16le", JAPANESE + "😀"),
    ("utf-16be", "utf-16be", JAPANESE + "😀"),
]


def decompose(text, codec):
    """windows-1258 has some letters only as a base and a mark."""
    if codec != "cp1258":
        return text
    for whole, parts in (("ế", "ê\u0301"), ("ệ", "ê\u0323"), ("ấ", "â\u0301")):
        text = text.replace(whole, parts)
    return text


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for label, codec, text in PAGES:
        text = decompose(text, codec)
        page = (
            f"<!DOCTYPE html><html><head><meta charset={label}>"
            f"<title>{label}</title></head>\n<body><p>{text}</p></body>\n"
        )
        mark = "\ufeff" if codec.startswith("utf-16") else ""
        (folder / f"{label}.html").write_bytes((mark + page).encode(codec))
        print(f"{label}.html\t{text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
