"""smoke"""
def test_nothing(): pass
