// loss checks loss.cu.
#include "host.h"

struct Case { int n, classes, threads; float smoothing; bool soft, mean; double spread, shift; };

static void run(const Module &mod, const Case &o) {
	const Type t = mod.type;
	Numbers random;
	int classes = o.classes;
	Array logits(t, o.n * classes), soft(F32, o.n * classes), loss(F32, o.n), only(F32, o.n), dlogits(t, o.n * classes), scale(F32, 1);
	std::vector<int> labels(o.n);
	Visible see_labels(labels.data(), o.n * sizeof(int));
	for (int n = 0; n < o.n; n++) {
		double sum = 0;
		for (int c = 0; c < classes; c++) {
			logits.put(n * classes + c, o.shift + o.spread * random.normal());
			soft.put(n * classes + c, c % 3 == 1 ? 0 : random.uniform());
			sum += soft.at(n * classes + c);
		}
		for (int c = 0; c < classes; c++) soft.put(n * classes + c, n == 1 ? 0 : soft.at(n * classes + c) / sum); // one row without mass
		labels[n] = n % 4 == 3 ? -1 : (n * 7) % classes;
	}
	scale.put(0, 512);
	int *plabels = o.soft ? nullptr : labels.data();
	void *none = nullptr, *psoft = o.soft ? soft.data() : nullptr;
	float smoothing = o.smoothing, divisor = o.mean ? o.n : 1;
	const Shape shape = {{unsigned(o.n), 1, 1}, {unsigned(o.threads), 1, 1}, 0};
	launch(mod, "cross_entropy", shape, {logits.arg(), &plabels, &psoft, scale.arg(), loss.arg(), dlogits.arg(), &smoothing, &divisor, &classes});
	launch(mod, "cross_entropy", shape, {logits.arg(), &plabels, &psoft, &none, only.arg(), &none, &smoothing, &divisor, &classes});
	for (int n = 0; n < o.n; n++) {
		double top = -INFINITY, sum = 0, mass = 0, exact = 0, size = 0;
		for (int c = 0; c < classes; c++) top = fmax(top, logits.at(n * classes + c));
		for (int c = 0; c < classes; c++) sum += exp(logits.at(n * classes + c) - top);
		const double lse = top + log(sum);
		std::vector<double> target(classes);
		for (int c = 0; c < classes; c++) {
			const double hot = o.soft ? soft.at(n * classes + c) : c == labels[n];
			if (o.soft || labels[n] >= 0) target[c] = (1 - (double)smoothing) * hot + (double)smoothing / classes;
			mass += target[c];
			exact += target[c] * (lse - logits.at(n * classes + c));
			size += target[c] * (fabs(lse) + fabs(logits.at(n * classes + c)) + fabs(top) + 1);
		}
		want_one("loss", loss, n, exact, rounded(classes + 16, size));
		want_one("loss alone", only, n, loss.at(n), 0);
		for (int c = 0; c < classes; c++) {
			const double p = exp(logits.at(n * classes + c) - lse) * mass, factor = 512 / (double)divisor;
			want_one("gradient", dlogits, n * classes + c, factor * (p - target[c]),
				factor * (rounded(classes + 16, p * (1 + fabs(logits.at(n * classes + c)) + fabs(top))) + rounded(6, target[c])));
		}
	}
	want_intact({&logits, &soft, &loss, &only, &dlogits, &scale});
}

// A label that is no class is not passed over.
static void wrong_label(const Module &mod) {
	int classes = 10, label = 10, *plabel = &label;
	Array logits(mod.type, classes), loss(F32, 1);
	Visible see_label(&label, sizeof label);
	logits.fill_with(1);
	void *none = nullptr;
	float smoothing = 0, divisor = 1;
	launch(mod, "cross_entropy", {{1, 1, 1}, {32, 1, 1}, 0}, {logits.arg(), &plabel, &none, &none, loss.arg(), &none, &smoothing, &divisor, &classes});
	want_one("loss of a wrong label", loss, 0, NAN, 0);
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &mod) {
		for (bool soft : {false, true})
			for (const Case &o : {Case{1, 1, 32, 0, soft, false, 1, 0}, Case{5, 10, 32, 0.1f, soft, true, 2, 0}, Case{4, 1000, 128, 0.1f, soft, true, 3, 0},
				     Case{3, 333, 64, 0, soft, false, 10, -30}, Case{2, 16, 128, 0, soft, true, 1, 300}})
				run(mod, o);
		wrong_label(mod);
	});
}
