"""Length of files and functions"""

from statistics import median

from tests.architecture.sources import APPS, functions, is_migration, name, python_files


def test_no_file_has_more_than_400_lines() -> None:
    lengths = {
        name(file): len(file.read_text().splitlines()) for file in python_files(*APPS, "tests", "examples") if not is_migration(file)
    }
    assert {file: length for file, length in lengths.items() if length > 400} == {}


def test_no_function_has_more_than_50_lines() -> None:
    long = [
        f"{name(file)}:{function.lineno} {function.name}"
        for file in python_files(*APPS, "tests", "examples")
        for function in functions(file)
        if (function.end_lineno or 0) - function.lineno + 1 > 50
    ]
    assert long == []


def test_half_of_all_functions_have_at_most_nine_lines() -> None:
    lengths = [(function.end_lineno or 0) - function.lineno + 1 for file in python_files(*APPS) for function in functions(file)]
    assert median(lengths) <= 9
