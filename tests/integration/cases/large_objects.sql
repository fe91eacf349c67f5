SELECT lo_create(77001)

BEGIN

SELECT lo_open(77001, 131072 + 262144)

SELECT lowrite(0, '\x0001020304ff')

SELECT lo_lseek(0, 0, 0), loread(0, 3)

SELECT lo_close(0)

COMMIT

SELECT lo_get(77001)

SELECT lo_put(77001, 2, '\xaabb'), lo_get(77001, 0, 4)

SELECT lo_unlink(77001)

SELECT lo_unlink(77001)
