-- MARA: MATNR material, MTART its type, MATKL its group. MAKT: MAKTX its name by language.
-- Material types are customized: these are SAP's own. Whatever is not listed counts as a material.
SELECT r.MATNR AS product,
    COALESCE(FIRST(t.MAKTX ORDER BY CASE t.SPRAS WHEN 'E' THEN 1 WHEN 'D' THEN 2 ELSE 3 END), r.MATNR) AS name,
    r.MATKL AS family,
    CASE WHEN r.MTART IN ('FERT', 'HAWA') THEN 'finished' WHEN r.MTART = 'DIEN' THEN 'service' ELSE 'material' END
        AS kind
FROM MARA r LEFT JOIN MAKT t ON t.MATNR = r.MATNR
GROUP BY r.MATNR, r.MTART, r.MATKL
ORDER BY r.MATNR
