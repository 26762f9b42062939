-- The firm, its three divisions, and the 26 business units that have postings; 138 others have none and are left
-- out. Names of business units repeat (ST-0 is four of them), so the key stands behind the name.
WITH posted AS (
    SELECT DISTINCT
        'bu-' || REGEXP_REPLACE(b."BU Key", '\.0$', '') AS unit,
        b.BU || ' (' || REGEXP_REPLACE(b."BU Key", '\.0$', '') || ')' AS name,
        b.Division AS division
    FROM BU b
    WHERE b."BU Key" IN (SELECT "BU Key" FROM Fact)
)
SELECT 'firm' AS unit, 'All business units' AS name, NULL AS parent, 'company' AS kind, 'USD' AS currency
UNION ALL
SELECT DISTINCT LOWER(division), division || ' division', 'firm', 'division', 'USD' FROM posted
UNION ALL
SELECT unit, name, LOWER(division), 'business unit', 'USD' FROM posted
ORDER BY unit
