// Package cluster lets processes of several machines answer the questions of one run: the queue of package scoring over
// NATS JetStream, by a server inside this process or by one that a laboratory has.
//
// A Coordinator, the scoring.Fleet of a run, publishes pieces of open work and keeps what comes back; a Worker takes
// pieces of every run that it is offered. On the server stand, for a run ID:
//
//	bucket bench301                its offer, by which workers find it, kept as long as the coordinator lives
//	bucket bench301-ID             the images that its estimators see, by SHA-256
//	stream bench301-ID-LIFE        pieces, on the subject bench301.ID.work.LIFE, each until it is acknowledged
//	subject bench301.ID.results    answers, confirmed once they are in the run's store
//	subject bench301.ID.alive      what each worker does, every two seconds
//	subject bench301.ID.who        answered by the coordinator, so that a copy of its folder takes another ID
//
// A worker acknowledges a piece after its answers were confirmed, and keeps them until then, also for the next
// coordinator of the run, which is another LIFE. A piece that is not acknowledged is delivered again, to another
// worker. That asks the coordinator first, which drops it where it is answered, publishes one of several
// architectures as pieces of one, and fails its scores after five deliveries; from the fourth on a worker computes it
// alone, so that what ends workers takes nothing else with it. A worker that is told to end, or lacks memory, gives
// back what it has not finished. The truth is the store of the run alone: a coordinator that starts again publishes
// what the store lacks, but for what its workers say that they hold, and it publishes anew what the server has lost.
// No time of a worker counts, except the seconds of its scores.
package cluster
