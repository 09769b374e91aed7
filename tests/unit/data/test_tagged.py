import gzip

import pytest

from tidegate import read_tagged
from tidegate.errors import DataError, SettingError

UNIVERSAL = """# newdoc
# text = I don't know.
1\tI\tI\tPRON\tPRP\t_\t2\tnsubj\t_\t_
2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
3.1\tever\tever\tADV\t_\t_\t_\t_\t_\t_
4\t1 000\t1000\tNUM\tCD\t_\t0\troot\t_\t_

# text = #1

1\t#\t#\tSYM\tNN\t_\t0\troot\t_\tSpaceAfter=No
"""


@pytest.fixture
def written(tmp_path):
    def made(content, name="a.conll"):
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return made


@pytest.mark.parametrize("name", ["a.conll", "a.tsv.gz", "a"])
@pytest.mark.parametrize(
    "content",
    [
        "Ada\tB-person\nsleeps\tO\n\n#tag\tO\n",
        "\ufeffAda\tB-person\r\nsleeps\tO\r\n\t\r\n\r\n#tag\tO",
        "# two sentences\nAda B-person\nsleeps O\n\n# a comment in between\n#tag O\n",
        "-DOCSTART- -X- O\nAda NNP B-person\nsleeps VB O\n\n#tag NN O\n",
        "-DOCSTART- -X- O\n\nAda NNP B-person\nsleeps VB O\n\n#tag NN O\n",
        "\n\nAda  B-person\nsleeps   O\n\n\n#tag O\n\n",
        "# comment\n\n#\n# and more\nAda\tB-person\nsleeps\tO\n\n#tag\tO\n",
    ],
)
def test_a_token_and_its_tag_a_line(written, content, name):
    found = read_tagged(written(content, name))
    assert found.sequences == [["Ada", "sleeps"], ["#tag"]]
    assert found.tags == [["B-person", "O"], ["O"]]


def test_a_first_line_may_begin_with_a_hashtag(written):
    for separator in (" ", "\t"):
        path = written(f"#first{separator}O\nAda{separator}B-person\n")
        assert read_tagged(path) == ([["#first", "Ada"]], [["O", "B-person"]])
    assert read_tagged(written("#first\nAda\n")).sequences == [["#first", "Ada"]]
    assert read_tagged(written("# O\na O\n")).sequences == [["#", "a"]]
    assert read_tagged(written("#a\tO\n\n#b\tO\n")).sequences == [["#a"], ["#b"]]


def test_the_column_of_the_tags_can_be_named(written):
    path = written("Ada NNP B-person\nsleeps VB O\n")
    assert read_tagged(path, column=1).tags == read_tagged(path, column=-2).tags == [["NNP", "VB"]]
    for column in (3, -4, True, "upos"):
        with pytest.raises(SettingError, match="column is"):
            read_tagged(path, column=column)


def test_universal_dependencies(written):
    path = written(UNIVERSAL)
    found = read_tagged(path)
    assert found.sequences == [["I", "do", "n't", "1 000"], ["#"]]
    assert found.tags == [["PRON", "AUX", "PART", "NUM"], ["SYM"]]
    assert read_tagged(path, column="xpos").tags[0] == read_tagged(path, column=4).tags[0] == ["PRP", "VBP", "RB", "CD"]
    with pytest.raises(SettingError, match="column is 'pos'; it must be one of id, form, lemma, upos, xpos"):
        read_tagged(path, column="pos")


def test_tokens_alone_have_no_tags(written):
    assert read_tagged(written("the\ngate\n\nopens\n")) == ([["the", "gate"], ["opens"]], None)


def test_tags_are_passed_over_on_request(written):
    rows = "1\tThe\tthe\t_\t_\t_\t_\t_\t_\t_\n2\tgate\tgate\t_\t_\t_\t_\t_\t_\t_\n"
    assert read_tagged(written(rows), tags=False) == ([["The", "gate"]], None)
    with pytest.raises(DataError, match="has no tag in column 3"):
        read_tagged(written(rows))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a\tO\nb\n", r"row 2: line 2 of a.conll has 1 columns, not 2: 'b'. Give every token its tag"),
        ("a\tO\nb\t\n", r"line 2 of a.conll has no tag in column 1. Fill it in"),
        ("a\tO\n\tO\n", r"line 2 of a.conll has no token in column 0"),
        ("a\tx\tO\n\nb\tO\n", r"line 3 of a.conll has 2 columns, not 3"),
        ("a\tO\n#b\n", r"line 2 of a.conll has 1 columns, not 2: '#b'"),
        ("a O\n\n# comment\nb O\n", r"line 3 of a.conll may be a comment or the token #: '# comment'. Leave the comm"),
        ("", "holds no sentences"),
        ("\n \n# nothing\n", "holds no sentences"),
        (b"a\tO\n\x00\x01\x02", r"line 2 of a.conll holds bytes that are no text"),
        ("a\tO\nGr\u00f6\u00dfe\tO\n".encode("latin-1"), r"line 2 of a.conll is not UTF-8: .* at byte 2"),
        ("1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n", r"line 1 of a.conll has no tag in column 3"),
    ],
)
def test_files_that_cannot_be_used_say_where(written, content, said):
    with pytest.raises(DataError, match=said):
        read_tagged(written(content))


def test_absent_and_damaged_files(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        read_tagged(tmp_path / "absent.conll")
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(b"a\tO\n" * 100)[:20])
    with pytest.raises(DataError, match="cannot be read"):
        read_tagged(tmp_path / "a.tsv.gz")
