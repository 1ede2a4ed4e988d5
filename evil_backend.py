open('pwned', 'w')
def plot(*a, **k): pass