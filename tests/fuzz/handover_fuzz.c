/* A job as the session says it to an errand, and worse ones. */
#include <stdint.h>

#include "carry/handover.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct pmj_error err;
	struct buf again;
	struct job job;
	int64_t id;

	if (handover_read(&job, &id, bytes, len, &err) == PMJ_OK) {
		buf_init(&again, 0);
		handover_put(&again, &job, id);
		buf_close(&again);
		job_close(&job);
	}
	return 0;
}
