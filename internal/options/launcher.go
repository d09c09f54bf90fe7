package options

import "strconv"

// Launcher returns how many processes a launcher started together with this one and by which variable that is
// known; 1 and "" when there is none. It asks, in this order, torchrun, Open MPI, MPICH and Intel MPI, MVAPICH2, msrun,
// Ascend rank tables and Slurm. getenv is os.Getenv.
// Slurm is believed within a job step only: in a batch script its variables describe tasks that srun has yet to start.
func Launcher(getenv func(string) string) (ranks int, variable string) {
	for _, l := range []struct{ size, needs string }{
		{"WORLD_SIZE", "RANK"},
		{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
		{"PMI_SIZE", "PMI_RANK"},
		{"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},
		{"MS_WORKER_NUM", "MS_ROLE"},
		{"RANK_SIZE", "RANK_ID"},
		{"SLURM_STEP_NUM_TASKS", "SLURM_STEP_ID"},
	} {
		n, err := strconv.Atoi(getenv(l.size))
		if err == nil && n > 1 && getenv(l.needs) != "" {
			return n, l.size
		}
	}
	return 1, ""
}
