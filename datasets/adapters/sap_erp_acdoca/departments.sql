-- CSKT: KOSTL cost centre, DATBI end of validity, KTEXT name. Of several names the one valid longest.
-- What function a cost centre has, SAP does not say: write it here if KPIs by function matter.
SELECT KOSTL AS department, FIRST(KTEXT ORDER BY DATBI DESC, CASE SPRAS WHEN 'E' THEN 1 WHEN 'D' THEN 2 ELSE 3 END)
    AS name, 'other' AS function
FROM CSKT
GROUP BY KOSTL
ORDER BY KOSTL
