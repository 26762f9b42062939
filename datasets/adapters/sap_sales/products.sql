-- Texts come in several languages, one row each: English is taken. A product without an English text would have
-- no name, and the check would say so; a join on the product alone would count its orders twice.
-- Short texts are cut off, medium ones are whole where they are filled.
SELECT
    p.PRODUCTID AS product,
    COALESCE(NULLIF(TRIM(t.MEDIUM_DESCR), ''), t.SHORT_DESCR) AS name,
    c.SHORT_DESCR AS family,
    'finished' AS kind,
    p.PRICE AS list_price
FROM Products p
LEFT JOIN ProductTexts t ON t.PRODUCTID = p.PRODUCTID AND t."LANGUAGE" = 'EN'
LEFT JOIN ProductCategoryText c ON c.PRODCATEGORYID = p.PRODCATEGORYID AND c."LANGUAGE" = 'EN'
ORDER BY product
