-- Company codes under one group. T001: BUKRS company code, BUTXT its name, WAERS its currency.
-- For another tree give the parents here, or in a list of your own beside books.toml.
SELECT 'GROUP' AS unit, 'All company codes' AS name, NULL AS parent, 'company' AS kind,
    (SELECT MIN(WAERS) FROM T001) AS currency
UNION ALL
SELECT BUKRS, BUTXT, 'GROUP', 'company code', WAERS FROM T001
