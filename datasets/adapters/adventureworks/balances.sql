-- The actual postings (scenario 1), one row for each account, organisation and business month.
-- Month: postings drift around the month's end (February 2011 is posted on 2011-03-01), so the business month is
-- the month of the day BEFORE the posting date. Every month then holds exactly one run of postings (December 2011
-- and 2012 also their corrections of the day before), and calendar years are as the source has them.
-- Nature: assets, liabilities and statistical "Balances" are posted as balances, the rest as movements. Nothing is
-- carried forward or taken apart: a balance the source does not post in a month is not there.
-- Sign: the source shows income and liabilities positive; here debit is positive.
WITH posted AS (
    SELECT
        CAST(DATE_TRUNC('month', CAST(f.Date AS DATE) - 1) AS DATE) AS month,
        CAST(f.Date AS DATE) AS posted,
        f.OrganizationKey,
        CAST(a.AccountCodeAlternateKey AS VARCHAR) AS account,
        CASE WHEN a.AccountType IN ('Revenue', 'Liabilities') THEN -1 ELSE 1 END
            * CAST(f.Amount AS DECIMAL(19, 4)) AS amount,
        a.AccountType IN ('Assets', 'Liabilities', 'Balances') AS is_balance
    FROM FactFinance f
    LEFT JOIN DimAccount a ON a.AccountKey = f.AccountKey
    WHERE f.ScenarioKey = 1
)
SELECT
    p.account,
    REPLACE(LOWER(REGEXP_REPLACE(o.OrganizationName, ' (Division|Operations)$', '')), ' ', '-') AS unit,
    p.month,
    CAST(SUM(p.amount) FILTER (NOT p.is_balance) AS DECIMAL(19, 4)) AS flow,
    CAST(SUM(p.amount) FILTER (p.is_balance) AS DECIMAL(19, 4)) AS closing,
    MAX(p.posted) AS posted
FROM posted p
LEFT JOIN DimOrganization o ON o.OrganizationKey = p.OrganizationKey
GROUP BY ALL
ORDER BY p.account, unit, p.month
