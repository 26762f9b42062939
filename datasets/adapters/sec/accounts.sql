-- The accounts of the map that stand on a statement line. Totals have none: the accounts "other …" are what they
-- leave. Which costs are variable nobody reports, so behaviour and driver stay empty.
SELECT DISTINCT account, name, line
FROM account_map
WHERE line <> ''
ORDER BY account
