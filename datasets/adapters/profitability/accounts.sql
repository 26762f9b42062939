-- The amount columns of Fact.csv are the accounts. The statement line comes from accounts.csv, which people may
-- edit; a column missing there shows as a line of its own, "unmapped", and is never put on a line by guess.
SELECT a.account, COALESCE(m.name, a.account) AS name, COALESCE(m.line, 'unmapped') AS line, m.behaviour, m.driver
FROM (VALUES
    ('Revenue'), ('Subscription Revenue'), ('Material Costs'), ('Labor Costs Variable'), ('Cost Third Party'),
    ('Travel Expenses'), ('Rev for Exp Travel'), ('Taxes')
) a (account)
LEFT JOIN account_map m ON m.account = a.account
ORDER BY a.account
