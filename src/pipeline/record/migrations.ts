/**
 * The schema of flow.db, step by step. A step is never changed once it has been released: add another. Times are
 * milliseconds since the epoch.
 */
export const migrations: readonly string[] = [
  `
  create table run (
    id text primary key,
    experiment text not null,
    file text not null,
    workspace text not null,
    startedAt real not null,
    endedAt real,
    -- done, failed, interrupted, killed; null while it runs
    outcome text,
    durationMs real,
    engineName text not null,
    engineVersion text not null,
    engineNotice text,
    host text not null,
    runnerPid integer not null,
    runnerStarted text not null,
    -- the whole of run.json
    facts text not null
  ) without rowid;
  create index run_by_experiment on run (experiment, startedAt);

  create table task (
    run text not null references run (id) on delete cascade,
    task text not null,
    position integer not null,
    stage text not null,
    kind text not null,
    -- cached, done, failed, skipped; null while the run has not come to it or is at it
    outcome text,
    key text,
    -- what TaskOutcome says besides, as JSON
    detail text,
    -- of the execution that gave the result, whenever that was
    durationMs real,
    peakMemoryBytes integer,
    createdAt text,
    primary key (run, task)
  ) without rowid;
  create index task_by_name on task (task, run);
  create index task_by_key on task (key);

  create table attempt (
    run text not null,
    task text not null,
    number integer not null,
    key text not null,
    startedAt real not null,
    -- step of the checkpoint it went on from
    resumedFrom integer,
    reasons text not null,
    logFile text not null,
    outcome text,
    detail text,
    durationMs real,
    peakMemoryBytes integer,
    primary key (run, task, number),
    foreign key (run, task) references task (run, task) on delete cascade
  ) without rowid;

  create table artifact (
    run text not null,
    task text not null,
    port text not null,
    kind text not null,
    path text not null,
    digest text not null,
    bytes integer not null,
    primary key (run, task, port),
    foreign key (run, task) references task (run, task) on delete cascade
  ) without rowid;
  create index artifact_by_digest on artifact (digest);

  create table metric (
    run text not null,
    task text not null,
    name text not null,
    -- null for a final figure
    step integer,
    value real not null,
    foreign key (run, task) references task (run, task) on delete cascade
  );
  create index metric_by_task on metric (run, task, name, step);

  create table event (
    run text not null references run (id) on delete cascade,
    sequence integer not null,
    at real not null,
    type text not null,
    task text,
    body text not null,
    primary key (run, sequence)
  ) without rowid;

  -- documents outlive the cache entries they belong to: reasons compare with them
  create table keyDocument (
    key text primary key,
    document text not null
  ) without rowid;
  `,
  /* words: quoted */ `
  alter table attempt add column cpuMs real;
  alter table attempt add column readBytes integer;
  alter table attempt add column writtenBytes integer;

  -- what "flow repeat" found out: whether a task gives the same outputs when it is run again
  create table repetition (
    key text not null,
    at real not null,
    task text not null,
    isIdentical integer not null,
    -- ports whose content differs, as JSON
    differing text not null
  );
  create index repetition_by_key on repetition (key, at);
  `,
  /* words: quoted */ `
  -- What a task was given: numbers of processors and, as JSON, ids of graphics processors.
  alter table attempt add column cpus integer;
  alter table attempt add column gpus text;

  -- In a table without rowids a look-up of a foreign key reads the whole row, and these texts may have megabytes: with
  -- them in the table of runs, each of the 10,000 tasks of a run took a millisecond to insert.
  create table runFacts (
    run text primary key references run (id) on delete cascade,
    -- the whole of run.json
    facts text not null
  );
  insert into runFacts select id, facts from run;
  alter table run drop column facts;

  -- Nobody looks by these, and keeping them in order was half of the time a large run took to record.
  drop index task_by_key;
  drop index artifact_by_digest;
  `,
];
