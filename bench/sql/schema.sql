-- Every INSERT of the benchmark goes to `bench`, the table of the policy. `copied` has no policy and no key.
CREATE TABLE bench (
  batch bigint,
  line int,
  name text NOT NULL,
  amount numeric(10, 2) NOT NULL,
  created timestamptz NOT NULL,
  PRIMARY KEY (batch, line));
CREATE TABLE copied (number int, body text);
