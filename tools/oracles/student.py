"""Student's paired test and the interval of a mean, by scipy: numbers of correlation's tests.

    python3 tools/oracles/student.py > testdata/oracles/correlation/student.json
"""

import json

import numpy
from scipy import stats

random = numpy.random.RandomState(3)
cases = []
for n in (2, 3, 5, 10, 31):
    for shift in (0, 0.3, 5):
        x = random.normal(size=n)
        y = random.normal(size=n) * 0.5 + shift
        case = {"x": list(x), "y": list(y), "t": stats.ttest_rel(x, y).statistic, "mean": x.mean(), "sd": x.std(ddof=1)}
        for key, alternative in (("p", "two-sided"), ("p_greater", "greater"), ("p_less", "less")):
            case[key] = stats.ttest_rel(x, y, alternative=alternative).pvalue
        case["low"], case["high"] = stats.t.interval(0.95, n - 1, loc=x.mean(), scale=stats.sem(x))
        cases.append(case)
print(json.dumps({"source": f"scipy {__import__('scipy').__version__}", "cases": cases}, indent=1))
