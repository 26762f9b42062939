-- SKAT: SAKNR account, SPRAS language, TXT50 name. One name an account: English, else German, else any.
-- An account that is posted to and has no name is there, too; one that accounts.csv does not cover is unmapped.
WITH posted AS (
    SELECT SAKNR AS account, TXT50 AS name, CASE SPRAS WHEN 'E' THEN 1 WHEN 'D' THEN 2 ELSE 3 END AS place
    FROM SKAT
    UNION ALL
    SELECT DISTINCT HKONT, NULL, 4 FROM BSEG WHERE HKONT <> ''
)
SELECT p.account, COALESCE(FIRST(p.name ORDER BY p.place), p.account) AS name,
    COALESCE(FIRST(m.line ORDER BY p.place), 'unmapped') AS line,
    FIRST(m.behaviour ORDER BY p.place) AS behaviour, FIRST(m.driver ORDER BY p.place) AS driver
FROM posted p LEFT JOIN account_map m ON in_range(p.account, m."from", m."to")
GROUP BY p.account
ORDER BY p.account
