-- The accounts that can be posted to: those that are no heading of others, and any that were posted to anyway.
-- The statement line comes from accounts.csv, which people may edit. An account missing there keeps an empty
-- line, and opening the books says so: money is never put on a line by guess.
SELECT
    CAST(a.AccountCodeAlternateKey AS VARCHAR) AS account,
    a.AccountDescription AS name,
    m.line,
    m.behaviour,
    m.driver
FROM DimAccount a
LEFT JOIN account_map m ON m.account = CAST(a.AccountCodeAlternateKey AS VARCHAR)
WHERE NOT EXISTS (SELECT 1 FROM DimAccount child WHERE child.ParentAccountKey = a.AccountKey)
   OR EXISTS (SELECT 1 FROM FactFinance f WHERE f.AccountKey = a.AccountKey)
ORDER BY account
