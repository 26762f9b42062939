-- Seven products; the source says neither what they are nor what they cost. Labour, travel and third parties make
-- nearly all of their cost, so they are services. No figure depends on it.
SELECT "Product Key" AS product, Product AS name, 'service' AS kind FROM Product
UNION ALL
SELECT DISTINCT "Product Key", 'Product ' || "Product Key" || ' (not in the list)', 'service'
FROM Fact WHERE "Product Key" NOT IN (SELECT "Product Key" FROM Product)
ORDER BY product
