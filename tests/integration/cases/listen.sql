LISTEN channel_one

NOTIFY channel_one, 'payload'

NOTIFY channel_one

BEGIN

NOTIFY channel_one, 'held until commit'

SELECT 'nothing yet'

COMMIT

SELECT pg_notify('channel_one', repeat('x', 7000))

UNLISTEN *

NOTIFY channel_one, 'nobody hears'

SELECT pg_listening_channels()
