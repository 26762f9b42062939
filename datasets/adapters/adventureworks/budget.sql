-- The budget (scenario 2): twelve postings from 2010-12-29 to 2011-11-29, that is fiscal year 2011 (December 2010
-- to November 2011). Business month and sign as in balances.sql, so that like is compared with like.
-- It holds profit-and-loss accounts only, all of them as movements.
SELECT
    'FY2011' AS version,
    CAST(DATE_TRUNC('month', CAST(f.Date AS DATE) - 1) AS DATE) AS month,
    REPLACE(LOWER(REGEXP_REPLACE(o.OrganizationName, ' (Division|Operations)$', '')), ' ', '-') AS unit,
    CAST(a.AccountCodeAlternateKey AS VARCHAR) AS account,
    CAST(SUM(
        CASE WHEN a.AccountType IN ('Revenue', 'Liabilities') THEN -1 ELSE 1 END * CAST(f.Amount AS DECIMAL(19, 4))
    ) AS DECIMAL(19, 4)) AS amount,
    MAX(CAST(f.Date AS DATE)) AS posted
FROM FactFinance f
LEFT JOIN DimAccount a ON a.AccountKey = f.AccountKey
LEFT JOIN DimOrganization o ON o.OrganizationKey = f.OrganizationKey
WHERE f.ScenarioKey = 2
GROUP BY ALL
ORDER BY month, unit, account
