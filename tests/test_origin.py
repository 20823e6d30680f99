from noria.origin import fingerprint


def test_it_changes_when_a_file_comes_grows_or_goes(tmp_path):
    seen = [fingerprint(tmp_path, ["*.csv"])]
    file = tmp_path / "a.csv"
    for change in (lambda: file.write_text("1"), lambda: file.write_text("22"), file.unlink):
        change()
        assert fingerprint(tmp_path, ["*.csv"]) != seen[-1]
        seen.append(fingerprint(tmp_path, ["*.csv"]))
    assert seen[0] == seen[-1]
    (tmp_path / "a.txt").write_text("no source")
    assert fingerprint(tmp_path, ["*.csv"]) == seen[-1]


def test_a_delta_table_changes_with_its_log(tmp_path):
    log = tmp_path / "table" / "_delta_log"
    log.mkdir(parents=True)
    before = fingerprint(tmp_path, ["table"])
    (log / "0.json").write_text("{}")
    assert fingerprint(tmp_path, ["table"]) != before
